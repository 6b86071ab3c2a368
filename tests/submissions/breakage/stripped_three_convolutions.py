# The notebook came back without cell ids and metadata, which is not the student's fault. One mistake: three
# convolution layers where four are asked for. The third is the layer looked into; all the rest is right.
#
# /// label
# cnn = "partial"
#
# [feedback_mentions]
# cnn = ["3 conv"]
#
# [cells]
# strip_metadata = true
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(12, (5, 5), activation="relu", padding="same", name="conv2d"),
    layers.MaxPooling2D((2, 2)),
    layers.Conv2D(24, (3, 3), activation="relu", padding="same", name="conv2d_1"),
    layers.Conv2D(64, (3, 3), activation="relu", padding="same", name="conv2d_2"),
    layers.MaxPooling2D((2, 2)),
    layers.Flatten(),
    layers.Dense(40, activation="relu"),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=4, batch_size=32, verbose=2)
print("test:", model.evaluate(x_test, y_test, verbose=0))

# %% ascent
# conv2d_2 is my last convolution
layer_name = "conv2d_2"
number_of_filters = 64
visualized_feature = []

layer_model = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = tf.Variable(tf.random.uniform((1, 28, 28, 1), 0, 1))
    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            activation = layer_model(input_img)
            loss = tf.reduce_mean(activation[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))
for i in range(8):
    for j in range(8):
        n = 8 * i + j
        plt.subplot(8, 8, n + 1)
        plt.imshow(deprocess_image(visualized_feature[n].copy())[0, :, :, 0], cmap="gray")
        plt.title(f"feature {n}", fontsize=9)
        plt.axis("off")
plt.show()
