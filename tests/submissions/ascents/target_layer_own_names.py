# The layers have names of his own, conv_a to conv_d, and he looks into conv_b through a variable
# target_layer. The line layer_name = "conv2d_3" still stands there as released, but nothing uses it.
#
# /// label
# ///

# %% cnn
inputs = keras.Input(shape=(28, 28, 1))
t = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv_a")(inputs)
t = layers.MaxPooling2D(name="pool_a")(t)
t = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv_b")(t)
t = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv_c")(t)
t = layers.MaxPooling2D(name="pool_c")(t)
t = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv_d")(t)
t = layers.Flatten(name="flat")(t)
outputs = layers.Dense(10, activation="softmax", name="digits")(t)
model = keras.Model(inputs, outputs)
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)
print("final loss", results.history["loss"][-1])

# %% ascent
layer_name = "conv2d_3"
target_layer = "conv_b"
number_of_filters = 32
visualized_feature = []

by_name = {layer.name: layer for layer in model.layers}
activation_model = keras.Model(inputs, by_name[target_layer].output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1)))

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            maps = activation_model(input_img)
            loss = tf.reduce_mean(maps[..., filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign(input_img + step_size * grads)

    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 6.5))
figure.suptitle(f"layer {target_layer}")

for i, feature in enumerate(visualized_feature, 1):
    figure.add_subplot(4, 8, i)
    plt.imshow(deprocess_image(feature.copy()).squeeze(), cmap="gray")
    plt.title(f"feature {i - 1}")
    plt.axis("off")

plt.show()
