# Stays within Keras 3 wherever possible: keras.Variable, keras.random and keras.ops; only the tape is
# TensorFlow's. The layer that is looked into has 32 filters.
#
# /// label
# ///

# %% cnn
from keras import ops

digit_image = keras.Input((28, 28, 1), name="digit")
y = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d")(digit_image)
y = layers.MaxPooling2D()(y)
y = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(y)
y = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_2")(y)
y = layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_3")(y)
y = layers.MaxPooling2D()(y)
y = layers.Flatten()(y)
y = layers.Dense(32, activation="relu")(y)
probability = layers.Dense(10, activation="softmax", name="probability")(y)
model = keras.Model(digit_image, probability)

# %% train
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=0)
for epoch, value in enumerate(results.history["loss"]):
    print(f"epoch {epoch + 1}: loss {value:.4f}")

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

to_layer = keras.Model(digit_image, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = keras.Variable(keras.random.uniform((1, 28, 28, 1)), dtype="float32")
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            feature_map = ops.take(to_layer(input_img), filter_index, axis=3)
            loss = ops.mean(feature_map)
        grads = tape.gradient(loss, input_img)
        grads = ops.divide(grads, ops.sqrt(ops.mean(ops.square(grads))) + keras.config.epsilon())
        input_img.assign_add(step_size * grads)
    visualized_feature.append(ops.convert_to_numpy(input_img))

# %% plot
figure = plt.figure(figsize=(12, 6.5))

for i, feature in enumerate(visualized_feature):
    plt.subplot(4, 8, i + 1)
    plt.title(f"feature {i}")
    plt.imshow(deprocess_image(feature.copy())[0, :, :, 0], cmap="gray")
    plt.axis("off")

plt.show()
