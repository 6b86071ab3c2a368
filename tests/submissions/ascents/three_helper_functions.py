# Three helper functions: compute_loss, gradient_step and visualize_filter. What is kept is a list of tuples
# (filter number, image, last loss), for the plot shows the loss as well. The layer has 32 filters, the grid
# is 4 x 8.
#
# /// label
# ///

# %% cnn
model = keras.models.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(16, (3, 3), activation="relu", padding="same", name="conv2d"),
    layers.MaxPooling2D(pool_size=(2, 2)),
    layers.Conv2D(16, (3, 3), activation="relu", padding="same", name="conv2d_1"),
    layers.Conv2D(32, (3, 3), activation="relu", padding="same", name="conv2d_2"),
    layers.MaxPooling2D(pool_size=(2, 2)),
    layers.Conv2D(32, (3, 3), activation="relu", padding="same", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])
model.summary()

# %% train
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

plt.plot(results.history["accuracy"])
plt.title("accuracy while training")
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = model.get_layer(layer_name).filters

extractor = keras.Model(inputs=model.inputs, outputs=model.get_layer(layer_name).output)


def compute_loss(image, filter_index):
    """Mean activation of one feature map."""
    activation = extractor(image)
    return tf.reduce_mean(activation[:, :, :, filter_index])


def gradient_step(image, filter_index, rate):
    """One step uphill. Gives back the new image and the loss before the step."""
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = compute_loss(image, filter_index)
    gradient = normalize(tape.gradient(loss, image))
    return image + rate * gradient, loss


def visualize_filter(filter_index):
    """Climb from noise, fifty steps."""
    image = tf.random.uniform((1, 28, 28, 1), 0.0, 1.0)
    for _ in range(gradient_updates):
        image, loss = gradient_step(image, filter_index, step_size)
    return image.numpy(), float(loss)


visualized_feature = []
for filter_index in range(number_of_filters):
    image, loss = visualize_filter(filter_index)
    visualized_feature.append((filter_index, image, loss))
    print(f"filter {filter_index:2d}: {loss:8.3f}")

# %% plot
figure = plt.figure(figsize=(12, 7))

for filter_index, image, loss in visualized_feature:
    plt.subplot(4, 8, filter_index + 1)
    plt.imshow(deprocess_image(image.copy()).squeeze(), cmap="gray")
    plt.title(f"feature {filter_index}\nloss {loss:.1f}", fontsize=8)
    plt.axis("off")

plt.tight_layout()
plt.show()
