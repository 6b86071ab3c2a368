# A dictionary {filter: image}, and beside it the loss of every step in a list of lists. The plot hands the
# images to deprocess_image without a copy, so afterwards they are gone; what they were is clear from the
# ascent.
#
# /// label
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d"),
    layers.AveragePooling2D(2),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.BatchNormalization(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPooling2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 16
visualized_feature = {}
all_losses = []

detector = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.random((1, 28, 28, 1)))
    losses = []
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = KTF.mean(detector(input_img)[:, :, :, filter_index])
        losses.append(float(loss))
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature[filter_index] = input_img.numpy().squeeze()
    all_losses.append(losses)

# does it rise?
for losses in all_losses:
    plt.plot(losses)
plt.xlabel("update")
plt.ylabel("mean activation")
plt.show()

# %% plot
figure = plt.figure(figsize=(8, 9))
panels = figure.subplot_mosaic(np.arange(16).reshape(4, 4).tolist())

for filter_index, img in visualized_feature.items():
    ax = panels[filter_index]
    ax.imshow(deprocess_image(img), cmap="gray")
    ax.set_title(f"feature {filter_index}")
    ax.axis("off")

plt.show()
