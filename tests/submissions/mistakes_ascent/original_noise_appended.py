# The updates make new tensors called x, starting from input_img, while the variable input_img itself
# never moves; and input_img is what is kept. The climb was right, but all 32 images are the noise of the
# start.
#
# /// label
# ascent = "fail"
# objective = "fail"
# updates = ["fail", "pass", "review"]
#
# [feedback_mentions]
# ascent = ["noise"]
#
# [causes]
# ascent = "start_kept"
# objective = "start_kept"
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(8, (5, 5), activation="relu", padding="same", name="conv2d"))
model.add(layers.MaxPooling2D())
model.add(layers.Conv2D(16, (3, 3), activation="relu", padding="same", name="conv2d_1"))
model.add(layers.Conv2D(16, (3, 3), activation="relu", padding="same", name="conv2d_2"))
model.add(layers.Conv2D(32, (3, 3), activation="relu", padding="same", name="conv2d_3"))
model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 32
visualized_feature = []

layer_model = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(0, 1, (1, 28, 28, 1)))
    x = input_img

    for update in range(gradient_updates):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = KTF.mean(layer_model(x)[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, x))
        x = x + step_size * grads

    print("loss of filter", filter_index, "=", loss.numpy())
    visualized_feature.append(input_img.numpy())

# %% plot
figure = plt.figure(figsize=(12, 7))
for i in range(number_of_filters):
    plt.subplot(4, 8, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy()).squeeze(), cmap="gray")
    plt.title("feature " + str(i))
    plt.axis("off")
plt.show()
