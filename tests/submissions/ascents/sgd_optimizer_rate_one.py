# Lets an optimizer do the step: SGD with learning rate 1 subtracts the gradient, so it is given minus the
# normalised gradient. One variable is used for all filters and refilled with noise, since the optimizer
# knows only that one.
#
# /// label
# ///

# %% cnn
model = keras.Sequential(
    [
        layers.Input(shape=(28, 28, 1)),
        layers.Conv2D(16, 5, strides=2, padding="same", activation="relu", name="conv2d"),
        layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_1"),
        layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2"),
        layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_3"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]
)
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, validation_data=(x_test, y_test), verbose=2)
plt.plot(results.history["loss"], label="training")
plt.plot(results.history["val_loss"], label="test")
plt.legend()
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

partial_model = keras.Model(model.inputs, model.get_layer(layer_name).output)

sgd = keras.optimizers.SGD(learning_rate=step_size)
input_img = tf.Variable(tf.zeros((1, 28, 28, 1)))

for filter_index in range(number_of_filters):
    input_img.assign(tf.random.uniform((1, 28, 28, 1)))  # fresh noise
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(partial_model(input_img)[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        # SGD goes downhill and we want to go uphill -> minus
        sgd.apply_gradients([(-grads, input_img)])
    visualized_feature.append(input_img.numpy())
    print(".", end="")

# %% plot
figure = plt.figure(figsize=(12, 6.5))

count = 0
for feature in visualized_feature:
    count = count + 1
    plt.subplot(4, 8, count)
    plt.imshow(deprocess_image(feature.copy())[0], cmap="gray")
    plt.title("feature " + str(count - 1))
    plt.axis("off")

plt.show()
