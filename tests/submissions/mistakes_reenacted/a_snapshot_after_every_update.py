# Appends the image inside the inner loop, sees 1200 images in a list for 24 filters, and cuts the list to 24. So all
# of them are early images of filter 0, after 1, 2, ... 24 updates. The ascent itself is right.
#
# /// label
# objective = "fail"
# ascent = ["pass", "partial", "fail"]
# images = ["pass", "partial"]
# updates = ["pass", "partial", "fail"]
#
# [causes]
# images = ["kept_every_step", "same_image"]
# ascent = "kept_every_step"
# objective = "kept_every_step"
# updates = "kept_every_step"
# ///

# %% cnn
model = keras.Sequential()
model.add(layers.Input(shape=(28, 28, 1)))
model.add(layers.Conv2D(12, (3, 3), activation="relu", padding="same", name="conv2d"))
model.add(layers.Conv2D(12, (3, 3), activation="relu", padding="same", name="conv2d_1"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(24, (3, 3), activation="relu", padding="same", name="conv2d_2"))
model.add(layers.Conv2D(24, (3, 3), activation="relu", padding="same", name="conv2d_3"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.Adam(2e-3), metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 24
visualized_feature = []

sub_model = keras.Model(model.inputs, model.get_layer(layer_name).output)

for filter_index in range(number_of_filters):
    input_img = KTF.variable(np.random.uniform(size=(1, 28, 28, 1)))

    for i in range(gradient_updates):
        with tf.GradientTape() as tape:
            loss = KTF.mean(sub_model(input_img)[:, :, :, filter_index])
        grads = normalize(tape.gradient(loss, input_img))
        input_img.assign_add(step_size * grads)
        visualized_feature.append(input_img.numpy())

print(len(visualized_feature))  # 1200?? there are only 24 filters
visualized_feature = visualized_feature[:number_of_filters]

# %% plot
figure = plt.figure(figsize=(12, 8))
for i in range(number_of_filters):
    plt.subplot(4, 6, i + 1)
    plt.imshow(deprocess_image(visualized_feature[i].copy())[0, :, :, 0], cmap="gray")
    plt.title("feature %d" % i)
    plt.axis("off")
plt.show()
